//! Who may ask. The lab starts programs, so that a page of another site must not reach it: neither
//! by a form or a script of its own (the browser names its origin), nor under a name of its own
//! that it has made to point to this host (the browser names that as the host). Nobody gets here
//! without the token in the address.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// What every answer says to the browser: the page and its parts come from here alone, nobody frames
/// it, its address, which holds the token, goes nowhere, and nothing is kept.
const HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", "no-store"),
];

/// The hosts under which a browser may know the lab.
#[derive(Clone, Debug)]
pub struct Gate([String; 2]);

impl Gate {
    /// Those of a server that listens there.
    pub fn new(address: SocketAddr) -> Self {
        Self([address.to_string(), format!("localhost:{}", address.port())])
    }

    /// Why a request is refused.
    fn refuses(&self, method: &Method, headers: &HeaderMap) -> Option<&'static str> {
        let host = only(headers, &HOST);
        if !host.is_some_and(|host| self.0.iter().any(|of| of == host)) {
            return Some("wrong host");
        }
        let own = |origin: &str| origin.strip_prefix("http://") == host;
        if headers.contains_key(ORIGIN) && !only(headers, &ORIGIN).is_some_and(own) {
            return Some("wrong origin");
        }
        let json = only(headers, &CONTENT_TYPE) == Some("application/json");
        (method == Method::POST && !json).then_some("not application/json")
    }
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.to_str().ok()).flatten()
}

/// Refuses a request, or lets it pass and says what its answer is for.
pub async fn check(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let mut response = match gate.refuses(request.method(), request.headers()) {
        Some(why) => (StatusCode::FORBIDDEN, why).into_response(),
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
