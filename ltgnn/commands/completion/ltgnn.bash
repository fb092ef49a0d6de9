# Tab completion of ltgnn for bash: eval "$(ltgnn completion bash)" in ~/.bashrc
_ltgnn() {
    local line="${COMP_LINE:0:COMP_POINT}" current="${COMP_WORDS[COMP_CWORD]}" found typed cut
    typed="${line##*[[:space:]]}"
    [[ "$current" == [=:] ]] && current="" # bash ends a word at these signs; what stands before them is not replaced
    cut="${typed%"$current"}"
    COMPREPLY=()
    while IFS= read -r found; do
        [[ -n "$found" ]] && COMPREPLY+=("${found#"$cut"}")
    done < <(ltgnn completion --line "$line" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == *[=./] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -F _ltgnn ltgnn
