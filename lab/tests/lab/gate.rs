//! Who may ask, and who may not.

use crate::kit::Lab;

const JSON: (&str, &str) = ("Content-Type", "application/json");
const START: &str = r#"{"do":"scene","scene":"req-rep"}"#;

#[test]
fn without_the_token_nothing_is_there() {
    let lab = Lab::start();
    let host = [("Host", lab.host.as_str()), JSON];
    let token = lab.path.trim_matches('/');
    assert_eq!(token.len(), 32);
    let wrong = token.chars().rev().collect::<String>();
    for path in
        ["/", "/scenes", "/do", "/events", "//", &format!("/{wrong}/"), &format!("/{token}x/")]
    {
        for method in ["GET", "POST"] {
            let answer = lab.request(method, path, &host, START);
            assert_eq!((answer.status, answer.body.as_str()), (404, ""), "{method} {path}");
        }
    }
    // Not even who asks for another host learns more.
    let answer = lab.request("GET", "/", &[("Host", "evil.example")], "");
    assert_eq!((answer.status, answer.body.as_str()), (404, ""));
}

#[test]
fn another_host_and_another_origin_are_refused() {
    let lab = Lab::start();
    let port = lab.host.rsplit_once(':').unwrap().1;
    let (own, localhost) = (format!("http://{}", lab.host), format!("localhost:{port}"));
    let at_localhost = format!("http://{localhost}");
    let elsewhere = format!("http://127.0.0.1:{}", port.parse::<u16>().unwrap() ^ 1);
    let act = |headers: &[(&str, &str)]| {
        lab.request("POST", &format!("{}do", lab.path), headers, START).status
    };
    let host = ("Host", lab.host.as_str());
    for refused in [
        &[JSON][..],
        &[("Host", "evil.example"), JSON],
        &[("Host", "127.0.0.1"), JSON],
        &[host, ("Host", "evil.example"), JSON],
        &[host, ("Origin", "http://evil.example"), JSON],
        &[host, ("Origin", "null"), JSON],
        &[host, ("Origin", &elsewhere), JSON],
        &[host, ("Origin", &at_localhost), JSON],
        &[host, ("Origin", &own), ("Origin", "http://evil.example"), JSON],
    ] {
        let status = act(refused);
        assert!(status == 403 || status == 400, "{refused:?}: {status}");
    }
    assert_eq!(lab.get("recording").status, 404, "a refused request has started a scene");
    assert_eq!(act(&[host, ("Origin", &own), JSON]), 200);
    assert_eq!(act(&[("Host", &localhost), ("Origin", &at_localhost), JSON]), 200);
    assert_eq!(act(&[host, JSON]), 200);
}

/// A form of another site can send text and forms, but no JSON.
#[test]
fn a_form_cannot_start_anything() {
    let lab = Lab::start();
    let path = format!("{}do", lab.path);
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let headers = [("Host", lab.host.as_str()), ("Content-Type", kind)];
        assert_eq!(lab.request("POST", &path, &headers, START).status, 403, "{kind}");
    }
    assert_eq!(lab.request("POST", &path, &[("Host", &lab.host)], START).status, 403);
    let get = lab.request("GET", &path, &[("Host", &lab.host)], "");
    assert_eq!(get.status, 405);
}

#[test]
fn every_answer_keeps_the_page_to_itself() {
    let lab = Lab::start();
    for answer in [lab.get(""), lab.get("live.js"), lab.get("scenes"), lab.get("nothing")] {
        for header in [
            "content-security-policy: default-src 'self'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
        ] {
            assert!(answer.head.contains(header), "{header}: {}", answer.head);
        }
    }
    assert!(!lab.get("").head.contains("access-control"));
}
