# fish completion for vpdial(8): asks the program itself
function __vpdial_words
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    $words[1] complete-words "$current" $words[2..-1] 2>/dev/null
end

function __vpdial_wants_files
    set -l words (commandline -opc)
    contains -- check $words; or contains -- import $words; or contains -- $words[-1] --config --run-dir --ipsec-keys
end

complete -c vpdial -f -a '(__vpdial_words)'
complete -c vpdial -F -n __vpdial_wants_files
