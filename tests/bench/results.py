"""Sections of RESULTS.md: each tool writes its own and leaves the others alone."""
import os, re


def put(path, name, text):
    """Replaces the section NAME of the file by TEXT, or adds it at the end."""
    section = f'<!-- {name} -->\n{text.strip()}\n<!-- end of {name} -->\n'
    old = ''
    if os.path.exists(path):
        with open(path) as f:
            old = f.read()
    pattern = re.compile(rf'<!-- {re.escape(name)} -->\n.*?<!-- end of {re.escape(name)} -->\n', re.S)
    new = pattern.sub(lambda _: section, old) if pattern.search(old) else f'{old.rstrip()}\n\n{section}'.lstrip()
    with open(path, 'w') as f:
        f.write(new)
