#!/bin/sh
# Records a real run of scripts/tmux.sh pipeline as an animated picture.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/need.sh
. scripts/lib/need.sh

usage="usage: ${0##*/} [FILE]
Runs scripts/tmux.sh pipeline in a terminal that nobody sees, presses Ctrl-C in the consumer's pane, and writes what
there was to see to FILE (pipeline/terminal.svg), an SVG that moves. Needs tmux, which it installs on Debian as root."

case ${1-} in
-h | --help) echo "$usage" && exit 0 ;;
-*) echo "error: '$1' is no option; ${0##*/} -h explains" >&2 && exit 2 ;;
esac
case ${1-} in
'') svg=$PWD/pipeline/terminal.svg ;;
/*) svg=$1 ;;
*) svg=$OLDPWD/$1 ;;
esac
need tmux tmux
# Otherwise this is on the picture.
cargo build --quiet --locked -p producer -p consumer -p resultcollector

columns=100 rows=18
folder=$(mktemp -d)
# The terminal is a pane of one tmux server, in which scripts/tmux.sh begins another.
terminal() {
    tmux -L "terminal-$$" -f /dev/null "$@"
}
end() {
    TMUX_TMPDIR=$folder tmux kill-server 2>/dev/null || :
    terminal kill-server 2>/dev/null || :
    rm -rf "$folder"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir "$folder/home"
# No clock and no name of this host.
echo 'set -g status off' >"$folder/home/.tmux.conf"
terminal new-session -d -x $columns -y $rows env -u TMUX PS1='$ ' HOME="$folder/home" TMUX_TMPDIR="$folder" \
    CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}" sh

# Keeps what the terminal shows as another frame, whenever that changes, until it shows $1; at most 20 seconds.
frames=0
: >"$folder/frame0"
record_until() {
    patience=400
    until grep -q -e "$1" "$folder/frame$frames"; do
        terminal capture-pane -p >"$folder/now"
        if ! cmp -s "$folder/now" "$folder/frame$frames"; then
            frames=$((frames + 1))
            mv "$folder/now" "$folder/frame$frames"
        fi
        patience=$((patience - 1))
        if [ $patience = 0 ]; then
            echo "error: the terminal does not show '$1':" >&2
            cat "$folder/frame$frames" >&2
            exit 1
        fi
        sleep 0.05
    done
}

record_until '^\$'
# The picture begins with the command.
frames=0
: >"$folder/frame0"
terminal send-keys 'scripts/tmux.sh pipeline' Enter
record_until 'results collected: 1000'
terminal send-keys C-b Up C-c
record_until 'results of consumer'

# A frame is seen for 0.7 seconds, the last one for seven. Where nothing moves, the last one is seen.
frame=0
while [ $frame -lt $frames ]; do
    frame=$((frame + 1))
    sed "s/^/$frame /" "$folder/frame$frame"
done | LC_ALL=C awk -v frames=$frames -v columns=$columns -v rows=$rows '
BEGIN {
    each = 0.7; seconds = each * (frames + 9); width = 838; em = (width - 20) / columns; line = 18; height = rows * line + 20
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n", width, height, width, height
    print "<title>scripts/tmux.sh pipeline: producer, consumer and resultcollector, each in its own pane</title>"
    print "<style>text { font: 13.6px ui-monospace, \"DejaVu Sans Mono\", monospace; fill: #c9d1d9; white-space: pre } .border { fill: #768390 }</style>"
    printf "<rect x=\".5\" y=\".5\" width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#0d1117\" stroke=\"#768390\" stroke-opacity=\".4\"/>\n", \
        width - 1, height - 1
}
function close_frame() { if (frame) print "</g>" }
{
    number = $1; sub(/^[0-9]+ /, "")
    if (number != frame) {
        close_frame()
        frame = number; row = 0
        end = frame == frames ? seconds : frame * each
        printf "<g visibility=\"%s\"><animate attributeName=\"visibility\" calcMode=\"discrete\" dur=\"%.1fs\" repeatCount=\"indefinite\" ", \
            frame == frames ? "visible" : "hidden", seconds
        printf "values=\"hidden;visible;hidden\" keyTimes=\"0;%.4f;%.4f\"/>\n", (frame - 1) * each / seconds, end / seconds
    }
    row++
    sub(/ +$/, "")
    if ($0 == "") next
    characters = $0
    # The further bytes of a character in UTF-8.
    gsub(/[\200-\277]/, "", characters)
    characters = length(characters)
    border = $0 ~ /^─/ ? " class=\"border\"" : ""
    gsub(/&/, "\\&amp;"); gsub(/</, "\\&lt;"); gsub(/>/, "\\&gt;")
    printf "<text%s x=\"10\" y=\"%d\" textLength=\"%.1f\" lengthAdjust=\"spacingAndGlyphs\">%s</text>\n", border, row * line + 6, characters * em, $0
}
END { close_frame(); print "</svg>" }' >"$folder/svg"
mv "$folder/svg" "$svg"
echo "$frames frames, $(wc -c <"$svg") bytes: $svg"
