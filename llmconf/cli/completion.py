"""`llmconf completion`: print the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, get_completion_class

_BASH = r"""_llmconf_completion() {
    # Bash ends a word at `:`, `=` and `@`, which stand in identities: what belongs together is joined again.
    local IFS=$'\n' line=${COMP_LINE:0:COMP_POINT} rest word before= at=-1 i
    local -a words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        rest=${line#"${line%%[![:space:]]*}"}
        ((i < COMP_CWORD)) || word=$rest
        if ((at >= 0)) && [[ $rest == "$line" && (-z ${word//[:=@]/} || -z ${before//[:=@]/}) ]]; then
            words[at]+=$word
        else
            words[++at]=$word
        fi
        line=${rest#"$word"}
        before=$word
    done

    # Of a completion, bash wants what comes behind the last character at which it ends a word.
    local typed=${words[at]} option= cut= breaks= quoted= response type value
    for i in : = @; do
        [[ $COMP_WORDBREAKS != *"$i"* ]] || breaks+=$i
    done
    [[ $typed != *[\'\"]* ]] || quoted=1
    [[ $typed != --*=* ]] || option=${typed%%=*}=
    [[ -n $quoted || -z $breaks ]] || cut=${typed%"${typed##*[$breaks]}"}
    # Unlike the others, an `@` is part of the word that follows it.
    cut=${cut%@}

    COMPREPLY=()
    # Each by itself: a range has other letters in it in some languages.
    local plain=abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:@/+=,-
    response=$(env COMP_WORDS="${words[*]}" COMP_CWORD="$at" _LLMCONF_COMPLETE=bash_complete "$1")
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                value=$option$value
                value=${value#"$cut"}
                # Names are the repository's to choose: one that the shell could take for anything else is not offered.
                [[ $value != *[!$plain]* ]] || continue
                COMPREPLY+=("$value")
                ;;
        esac
    done <<< "$response"
}

complete -o nosort -F _llmconf_completion llmconf
"""
"""A replacement for click's script, which splits words as bash does and stops at the first colon."""


class _Bash(BashComplete):
    """Completion in bash, including names with colons."""

    source_template = _BASH.replace("%", "%%")


@click.command(name="completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the script that completes commands, options and names in SHELL.

    \b
    Examples:
      llmconf completion bash > ~/.local/share/bash-completion/completions/llmconf
      llmconf completion fish > ~/.config/fish/completions/llmconf.fish
    """
    kind = _Bash if shell == "bash" else get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"completion for {shell} is not available")
    click.echo(kind(ctx.find_root().command, {}, "llmconf", "_LLMCONF_COMPLETE").source())
    return 0
