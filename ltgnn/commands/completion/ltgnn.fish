# Tab completion of ltgnn for fish: ltgnn completion fish > ~/.config/fish/completions/ltgnn.fish
complete -c ltgnn -f -a '(ltgnn completion --line (commandline -cp) 2>/dev/null)'
