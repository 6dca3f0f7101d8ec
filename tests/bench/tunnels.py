"""The tunnels that tests/bench/speed compares: each with a wire (veth), addresses and devices of its own, so
that several can be up at once.  "near" is where we are, "far" the other network namespace."""
import os
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
VPDIAL = os.path.abspath(os.environ.get('VPDIAL', f'{TOP}/build/vpdial'))
NAIVE = os.path.abspath(os.environ.get('NAIVE', f'{TOP}/build/bench/naive'))
IN_FAR = ('ip', 'netns', 'exec', 'far')
MTU = 1400


def run(*argv, check=True, **kw):
    return subprocess.run(argv, check=check, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)


def far(*argv, **kw):
    return run(*IN_FAR, *argv, **kw)


def until(what, seconds, test):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if test():
            return
        time.sleep(0.02)
    raise RuntimeError(f'{what}: not within {seconds} s')


def write(path, text):
    with open(path, 'w') as f:
        f.write(text)
    os.chmod(path, 0o600)


def children(pid):
    """Of all its threads' making."""
    found = []
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/children') as f:
            found += [int(x) for x in f.read().split()]
    return found


class Tunnel:
    """One pair of programs.  Subclasses start them and say which processes carry the packets."""
    software_gso = False

    def __init__(self, name, tmp, index):
        self.name, self.index, self.processes = name, index, []
        self.tmp = f'{tmp}/{index}'
        os.makedirs(self.tmp, exist_ok=True)
        self.wan = f'wan{index}'
        self.near, self.far = f'10.88.{index}.2', f'10.88.{index}.1'          # outer addresses
        self.tun_near, self.tun_far = f'10.77.{index}.2', f'10.77.{index}.1'  # inner addresses
        self.mtu = MTU

    def wire(self, mtu=1500):
        """The veth between the ends: a new one each time, without loss."""
        run('ip', 'link', 'del', self.wan, check=False)
        run('ip', 'link', 'add', self.wan, 'type', 'veth', 'peer', 'name', self.wan, 'netns', 'far')
        for where, address in (((), self.near), (IN_FAR, self.far)):
            run(*where, 'ip', 'link', 'set', self.wan, 'mtu', str(mtu), 'up')
            run(*where, 'ip', 'addr', 'add', f'{address}/24', 'dev', self.wan)
        self.cut_in_software(self.software_gso)

    def cut_in_software(self, on):
        """The device takes no joined UDP: packets pass the wire one by one."""
        for where in ((), IN_FAR):
            run(*where, 'ethtool', '-K', self.wan, 'tx-udp-segmentation', 'off' if on else 'on', check=False)

    def spawn(self, *argv, env=None):
        with open(f'{self.tmp}/log', 'a') as log:
            p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(env or {})})
        self.processes.append(p)
        return p.pid

    def pids(self):
        return [p.pid for p in self.processes]

    def near_pids(self):
        """All that runs for the near end: it is started last."""
        found = [self.processes[-1].pid]
        for pid in found:
            found += children(pid)
        return found

    def pings(self, wait='1'):
        return run('ping', '-q', '-c', '1', '-W', wait, self.tun_far, check=False).returncode == 0

    def up(self, mtu=MTU, wire_mtu=1500):
        """Returns the seconds from the near end's start until a ping is answered."""
        self.mtu = mtu
        self.wire(wire_mtu)
        far('ping', '-q', '-c', '1', '-W', '2', self.near)
        self.start_far()
        start = time.monotonic()
        self.start_near()
        until(f'{self.name} comes up', 20, lambda: self.pings('0.05'))
        took = time.monotonic() - start
        return took

    def down(self):
        for p in reversed(self.processes):  # the near end first
            p.terminate()
            try:
                p.wait(8)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        self.processes = []
        run('ip', 'link', 'del', self.wan, check=False)

    def address(self, name, end):
        """Address and MTU for a device that the program has made."""
        where, own, peer = ((), self.tun_near, self.tun_far) if end == 'near' else (IN_FAR, self.tun_far, self.tun_near)
        until(f'{name} of {self.name}', 10, lambda: run(*where, 'ip', 'link', 'show', name, check=False).returncode == 0)
        run(*where, 'ip', 'addr', 'add', own, 'peer', peer, 'dev', name)
        run(*where, 'ip', 'link', 'set', name, 'mtu', str(self.mtu), 'up')


class Naive(Tunnel):
    def __init__(self, name, tmp, index, kind, cipher):
        super().__init__(name, tmp, index)
        self.kind, self.cipher = kind, cipher

    def start_far(self):
        self.spawn(*IN_FAR, NAIVE, f'nv{self.index}', self.kind, self.far, self.near, self.cipher, 'b')
        self.address(f'nv{self.index}', 'far')

    def start_near(self):
        self.spawn(NAIVE, f'nv{self.index}', self.kind, self.near, self.far, self.cipher, 'a')
        self.address(f'nv{self.index}', 'near')


class Vpdial(Tunnel):
    def __init__(self, name, tmp, index, kind, cipher, extra='', software_gso=False, env=None):
        super().__init__(name, tmp, index)
        self.kind, self.cipher, self.extra, self.env = kind, cipher, extra, env
        self.software_gso = software_gso
        for sub in ('p', 'q', 'r', 's'):
            os.makedirs(f'{self.tmp}/{sub}', exist_ok=True)

    def start_far(self):
        write(f'{self.tmp}/q/server.conf', f'''[{self.kind}-server]
enabled = yes
listen = {self.far}
max-mtu = {self.mtu}
max-mru = {self.mtu}
default-profile = {'default-encryption' if self.cipher == 'mppe' else 'default'}
[secret ex]
password = "lkjrht"
local-address = {self.tun_far}
remote-address = {self.tun_near}
''')
        self.spawn(*IN_FAR, VPDIAL, '--config', f'{self.tmp}/q', '--run-dir', f'{self.tmp}/s', 'serve', env=self.env)
        until('server', 5, lambda: os.path.exists(f'{self.tmp}/s/server.sock'))
        time.sleep(0.3)

    def start_near(self):
        encryption = 'require' if self.cipher == 'mppe' else 'no'
        write(f'{self.tmp}/p/lab.conf', f'''[connection]
type = {self.kind}
connect-to = {self.far}
user = ex
password = "lkjrht"
use-encryption = {encryption}
max-mtu = {self.mtu}
max-mru = {self.mtu}
{self.extra}
''')
        self.spawn(VPDIAL, '--config', f'{self.tmp}/p', '--run-dir', f'{self.tmp}/r', 'connect', 'lab', '--foreground', env=self.env)

    def pids(self):
        found = [c for p in self.processes for c in children(p.pid)]
        return [p for p in found if open(f'/proc/{p}/comm').read().startswith('vpdial-session')]


class Openvpn(Tunnel):
    def __init__(self, name, tmp, index, cipher):
        super().__init__(name, tmp, index)
        self.cipher = cipher

    def fingerprint(self, end):
        text = run('openssl', 'x509', '-in', f'{self.tmp}/{end}.crt', '-noout', '-fingerprint', '-sha256').stdout
        return text.split('=')[1].strip()

    def options(self, own, other):
        options = ['--dev', f'ov{self.index}', '--dev-type', 'tun', '--proto', 'udp', '--port', '1194', '--tun-mtu', str(self.mtu),
                   '--mssfix', '0', '--fast-io', '--disable-dco', '--data-ciphers', self.cipher,
                   '--sndbuf', '4194304', '--rcvbuf', '4194304', '--verb', '3', '--txqueuelen', '500',
                   '--cert', f'{self.tmp}/{own}.crt', '--key', f'{self.tmp}/{own}.key', '--peer-fingerprint', self.fingerprint(other)]
        return options + (['--auth', 'none'] if self.cipher == 'none' else [])

    def start_far(self):
        for end in ('near', 'far'):
            if not os.path.exists(f'{self.tmp}/{end}.crt'):
                run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
                    '-keyout', f'{self.tmp}/{end}.key', '-out', f'{self.tmp}/{end}.crt', '-subj', f'/CN={end}', '-days', '2')
        self.spawn(*IN_FAR, 'openvpn', *self.options('far', 'near'), '--local', self.far, '--tls-server', '--dh', 'none',
                   '--ifconfig', self.tun_far, self.tun_near)
        time.sleep(0.3)

    def start_near(self):
        self.spawn('openvpn', *self.options('near', 'far'), '--remote', self.far, '--local', self.near, '--tls-client',
                   '--ifconfig', self.tun_near, self.tun_far)


class WireguardGo(Tunnel):
    def start_end(self, end, where, options):
        name = f'wg{self.index}{end}'
        self.spawn(*where, 'wireguard-go', '-f', name, env={'WG_PROCESS_FOREGROUND': '1'})
        until('wireguard-go', 5, lambda: os.path.exists(f'/var/run/wireguard/{name}.sock'))
        other = 'far' if end == 'near' else 'near'
        run(*where, 'wg', 'set', name, 'listen-port', str(51820 + self.index), 'private-key', f'{self.tmp}/wg-{end}', 'peer',
            self.keys[other], 'allowed-ips', '0.0.0.0/0', *options)
        self.address(name, end)

    def start_far(self):
        self.keys = {}
        for end in ('near', 'far'):
            secret = run('wg', 'genkey').stdout.strip()
            write(f'{self.tmp}/wg-{end}', secret)
            self.keys[end] = run('wg', 'pubkey', input=secret).stdout.strip()
        self.start_end('far', IN_FAR, [])

    def start_near(self):
        self.start_end('near', (), ['endpoint', f'{self.far}:{51820 + self.index}'])


class Tinc(Tunnel):
    """tinc 1.0 with its own defaults (AES-256-CBC, SHA-256).  Without its discovery of the path's MTU, which
    sends large packets over TCP for the first half minute."""

    def make_config(self):
        for end, own in (('near', self.tun_near), ('far', self.tun_far)):
            os.makedirs(f'{self.tmp}/{end}/hosts', exist_ok=True)
            write(f'{self.tmp}/{end}/tinc.conf', f'Name = {end}\nDeviceType = tun\nInterface = tc{self.index}\n'
                  f'BindToAddress = {self.near if end == "near" else self.far}\n' + ('ConnectTo = far\n' if end == 'near' else ''))
            write(f'{self.tmp}/{end}/hosts/{end}', f'Subnet = {own}/32\nPMTUDiscovery = no\nAddress = {self.near if end == "near" else self.far}\n')
            run('tincd', '-c', f'{self.tmp}/{end}', '-K', '2048', stdin=subprocess.DEVNULL)
        for end, other in (('near', 'far'), ('far', 'near')):
            with open(f'{self.tmp}/{end}/hosts/{end}') as f:
                write(f'{self.tmp}/{other}/hosts/{end}', f.read())

    def start_end(self, end, where):
        self.spawn(*where, 'tincd', '-c', f'{self.tmp}/{end}', '-D', '-d1', f'--pidfile={self.tmp}/{end}.pid')
        self.address(f'tc{self.index}', end)

    def start_far(self):
        if not os.path.exists(f'{self.tmp}/near'):
            self.make_config()
        self.start_end('far', IN_FAR)

    def start_near(self):
        self.start_end('near', ())


VARIANTS = {
    'naive L2TP MPPE': lambda *a: Naive(*a, 'l2tp', 'mppe'),
    'vpdial L2TP MPPE': lambda *a: Vpdial(*a, 'l2tp', 'mppe'),
    'vpdial L2TP MPPE, cut in software': lambda *a: Vpdial(*a, 'l2tp', 'mppe', software_gso=True),
    'naive PPTP MPPE': lambda *a: Naive(*a, 'gre', 'mppe'),
    'vpdial PPTP MPPE': lambda *a: Vpdial(*a, 'pptp', 'mppe'),
    'vpdial PPTP MPPE, fast-gre': lambda *a: Vpdial(*a, 'pptp', 'mppe', extra='fast-gre = yes'),
    'naive L2TP clear': lambda *a: Naive(*a, 'l2tp', 'clear'),
    'vpdial L2TP clear': lambda *a: Vpdial(*a, 'l2tp', 'clear'),
    'vpdial L2TP clear, cut in software': lambda *a: Vpdial(*a, 'l2tp', 'clear', software_gso=True),
    'openvpn AES-256-GCM': lambda *a: Openvpn(*a, 'AES-256-GCM'),
    'openvpn none': lambda *a: Openvpn(*a, 'none'),
    'wireguard-go': WireguardGo,
    'tinc': Tinc,
}
NEEDS = {'openvpn': ['openvpn', 'openssl'], 'wireguard-go': ['wireguard-go', 'wg'], 'tinc': ['tincd']}
