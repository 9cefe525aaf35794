//! The files of the page, which are part of the binary.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

macro_rules! assets {
    ($($name:literal)*) => {
        &[
            ("experiments.json", include_str!("../../experiments.json")),
            $(($name, include_str!(concat!("../../page/", $name)))),*
        ]
    };
}

/// Every file of the page by its name, and the questions.
const ASSETS: &[(&str, &str)] = assets![
    "base.css"
    "boxes.js"
    "console.css"
    "dom.js"
    "frame.js"
    "geometry.js"
    "guide.css"
    "guide.js"
    "home.css"
    "home.js"
    "icon.svg"
    "index.html"
    "live.js"
    "message.js"
    "picture.css"
    "player.js"
    "recording.js"
    "reduce.js"
    "replay.html"
    "replay.js"
    "sequence.js"
    "stage.js"
    "texts.js"
    "timeline.css"
    "timeline.js"
    "wires.css"
    "wires.js"
];

/// A file of the page.
pub fn asset(name: &str) -> Response {
    let Some((name, text)) = ASSETS.iter().find(|(of, _)| *of == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "text/plain; charset=utf-8",
    };
    ([(header::CONTENT_TYPE, kind)], *text).into_response()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_page_is_served() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
        for file in fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(ASSETS.iter().any(|(of, _)| *of == name), "{name}");
        }
    }
}
