#compdef ltgnn
# Tab completion of ltgnn for zsh: eval "$(ltgnn completion zsh)" in ~/.zshrc, after compinit
_ltgnn() {
    local -a found open
    found=("${(@f)$(ltgnn completion --line "$LBUFFER" 2>/dev/null)}")
    open=("${(@M)found:#*[=./]}")
    found=("${(@)found:#*[=./]}")
    [[ -n "${open[1]}" ]] && compadd -Q -S '' -- "${open[@]}"
    [[ -n "${found[1]}" ]] && compadd -Q -- "${found[@]}"
}
compdef _ltgnn ltgnn
