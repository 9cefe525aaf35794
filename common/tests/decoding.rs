//! Whatever a peer sends is decoded or refused, and printed, without a panic.

use common::message::payload::{Kind, Payload};
use common::message::pickle;
use common::socket::curve::certificate::Certificate;
use common::{message::WorkMessage, socket::endpoint::Endpoint};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

/// One of each kind.
fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Bytes),
        Just(Kind::String),
        Just(Kind::Json),
        Just(Kind::Pyobj),
        Just(Kind::Multipart)
    ]
}

/// Any JSON, as its text without spaces between the tokens: numbers of any size, with any digits, keys
/// in any order and more than once.
fn any_json() -> impl Strategy<Value = String> {
    let string = any::<String>().prop_map(|text| json!(text).to_string());
    let key = prop_oneof!["\"[ab]\"", string.clone()];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|truth| truth.to_string()),
        "-?(0|[1-9][0-9]{0,60})",
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?",
        any::<u64>()
            .prop_map(f64::from_bits)
            .prop_filter_map("finite", |float| { float.is_finite().then(|| format!("{float:?}")) }),
        "\"(\\\\u[0-9a-fA-F]{4}|[ -!#-\\[\\]-~]|\\\\[nrt/\\\\\"]){0,8}\"",
        string,
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        let entry = (key.clone(), inner.clone()).prop_map(|(key, value)| format!("{key}:{value}"));
        prop_oneof![
            vec(inner, 0..8).prop_map(|items| format!("[{}]", items.join(","))),
            vec(entry, 0..8).prop_map(|entries| format!("{{{}}}", entries.join(","))),
        ]
    })
}

/// Bytes that get far in a pickle decoder: mostly opcodes, with small operands.
fn pickle_like() -> impl Strategy<Value = Vec<u8>> {
    let opcode = proptest::sample::select(
        b"(.012FGIJKLMNQRSTUVXabcdeghijlopqrstu}])BC\x80\x81\x82\x85\x86\x87\x88\x89\x8a\x8b\x8c\
          \x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96"
            .to_vec(),
    );
    let bytes = prop_oneof![8 => opcode, 2 => 0..8_u8, 1 => Just(b'\n'), 1 => any::<u8>()];
    vec(bytes, 0..64).prop_map(|bytes| [&b"\x80\x04"[..], &bytes, b"."].concat())
}

fn decoded_and_printed(kind: Kind, frames: &[Vec<u8>]) {
    match Payload::decode(kind, frames) {
        Ok(payload) => {
            let text = json!(payload).to_string();
            let json: Value =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            assert!(json["message"] != Value::Null || kind == Kind::Json || kind == Kind::Pyobj);
            // Text prints as it is, and may be empty.
            assert!(!payload.to_string().is_empty() || kind == Kind::String);
        }
        Err(bad) => assert!(!bad.to_string().contains('\n'), "{bad}"),
    }
}

proptest! {
    #[test]
    fn any_frames_are_decoded_or_refused(
        kind in kind(),
        frames in vec(vec(any::<u8>(), 0..64), 0..4),
    ) {
        decoded_and_printed(kind, &frames);
    }

    #[test]
    fn anything_like_a_pickle_is_decoded_or_refused(pickle in pickle_like()) {
        decoded_and_printed(Kind::Pyobj, &[pickle]);
    }

    #[test]
    fn what_is_given_as_json_arrives_as_it_was(text in any_json()) {
        let texts = [text.clone()];
        let sent = Payload::from_texts(Kind::Json, &texts).unwrap();
        let Payload::Json(json) = &sent else { panic!("{sent:?}") };
        prop_assert_eq!(json.as_str(), &text);
        let frames = [text.as_bytes()];
        let received = Payload::decode(Kind::Json, &frames).unwrap();
        prop_assert_eq!(&received, &sent);
        let line = serde_json::to_string(&received).unwrap();
        prop_assert_eq!(line, format!("{{\"kind\":\"json\",\"message\":{text}}}"));
        // Shown, it is the same JSON still.
        let shown = received.to_string();
        let again = [shown.as_bytes()];
        prop_assert_eq!(Payload::decode(Kind::Json, &again).unwrap().to_string(), shown);
    }

    #[test]
    fn what_is_pickled_arrives_as_it_was(text in any_json()) {
        let texts = [text];
        let sent = Payload::from_texts(Kind::Pyobj, &texts).unwrap();
        let Payload::Pyobj(object) = &sent else { panic!("{sent:?}") };
        let frames = [pickle::encode(object)];
        prop_assert_eq!(&Payload::decode(Kind::Pyobj, &frames).unwrap(), &sent);
    }

    #[test]
    fn floats_and_integers_are_pickled_and_printed_to_the_last_digit(
        bits: u64,
        integer in "(0|-?[1-9][0-9]{0,60})",
    ) {
        let float = f64::from_bits(bits);
        prop_assume!(float.is_finite());
        let texts = [format!("[{float:?},{integer}]")];
        let sent = Payload::from_texts(Kind::Pyobj, &texts).unwrap();
        let Payload::Pyobj(object) = &sent else { panic!("{sent:?}") };
        let frames = [pickle::encode(object)];
        let received = Payload::decode(Kind::Pyobj, &frames).unwrap();
        let shown = received.to_string();
        let (shown_float, shown_integer) = shown[1..shown.len() - 1].split_once(", ").unwrap();
        prop_assert_eq!(shown_float.parse::<f64>().unwrap().to_bits(), bits);
        prop_assert_eq!(shown_integer, &integer);
        let line = serde_json::to_string(&received).unwrap();
        let message = format!("[{shown_float},{integer}]");
        prop_assert_eq!(line, format!("{{\"kind\":\"pyobj\",\"message\":{message}}}"));
    }

    #[test]
    fn tasks_survive_their_json(num in any::<u64>()) {
        let json = serde_json::to_vec(&WorkMessage { num }).unwrap();
        prop_assert_eq!(serde_json::from_slice::<WorkMessage>(&json).unwrap(), WorkMessage { num });
    }

    #[test]
    fn any_text_is_a_certificate_or_refused_without_showing_it(
        text in "((public|secret)-key *= *[\"']?[!-~]{39,41}[\"']?|.{0,40})(\r?\n *((public|secret)-key *=)?.{0,60}){0,4}",
    ) {
        if let Err(error) = Certificate::parse(text.as_bytes()) {
            let longest = text.split(['"', ' ', '\n']).max_by_key(|word| word.len()).unwrap();
            prop_assert!(longest.len() < 20 || !error.to_string().contains(longest), "{}", error);
        }
    }

    #[test]
    fn any_pair_of_keys_is_read_from_what_is_written(public: [u8; 32], secret: [u8; 32]) {
        let keys = Certificate { public, secret: Some(secret.into()) };
        let folder = tempfile::tempdir().unwrap();
        let [public_path, secret_path] = keys.write(&folder.path().join("peer")).unwrap();
        let read = Certificate::read(&secret_path).unwrap();
        prop_assert_eq!((read.public, read.secret.map(|key| *key)), (public, Some(secret)));
        prop_assert_eq!(Certificate::read(&public_path).unwrap().public, public);
    }

    #[test]
    fn any_text_is_an_endpoint_or_refused(
        text in "(tcp|ipc|inproc|ws|udp|)(://)?.{0,20}(:[0-9*]{0,6})?",
    ) {
        if let Ok(endpoint) = text.parse::<Endpoint>() {
            prop_assert_eq!(&*endpoint, &text);
            let _open = endpoint.open_to_every_host();
        }
    }
}
