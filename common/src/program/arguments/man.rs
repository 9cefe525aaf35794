//! A program's man page: what its help says, and how it ends.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// The exit codes of all programs ([`report`](crate::program::exit::report)).
const EXIT_STATUS: [(&str, &str); 4] = [
    ("0", "Done. A program that runs until it is interrupted ends with 0, too."),
    ("1", "Failed; stderr says why."),
    ("2", "Wrong usage."),
    ("129, 130, 143", "Ended by SIGHUP, SIGINT or SIGTERM before the work was done."),
];

/// The page in roff.
pub(super) fn page(command: Command) -> io::Result<Vec<u8>> {
    let after_help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let man = Man::new(command).manual("zmq-patterns");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;

    let mut roff = Roff::new();
    write_after_help(&mut roff, &after_help);
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in EXIT_STATUS {
        roff.control("TP", []).text([bold(code)]).text([roman(meaning)]);
    }
    roff.to_writer(&mut page)?;
    Ok(page)
}

/// The examples as a section, each command with its effect, and what else the help says at its end.
fn write_after_help(roff: &mut Roff, text: &str) {
    for line in text.lines() {
        if line == super::EXAMPLES {
            roff.control("SH", ["EXAMPLES"]);
        } else if let Some(effect) = line.strip_prefix(super::EFFECT) {
            roff.text([roman(effect)]);
        } else if let Some(command) = line.strip_prefix(super::COMMAND) {
            roff.control("TP", []).text([bold(command)]);
        } else {
            roff.control("PP", []).text([roman(line)]);
        }
    }
}
