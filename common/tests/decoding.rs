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

/// Any JSON without floating-point numbers, whose text does not give them back bit by bit.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            vec((any::<String>(), inner), 0..8).prop_map(|entries| entries.into_iter().collect()),
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
            assert!(!payload.to_string().is_empty());
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
    fn what_is_given_as_json_arrives_as_it_was(value in any_json()) {
        let text = [value.to_string()];
        let sent = Payload::from_texts(Kind::Json, &text).unwrap();
        let Payload::Json(json) = &sent else { panic!("{sent:?}") };
        prop_assert_eq!(json.as_str(), &text[0]);
        let frames = [text[0].as_bytes()];
        prop_assert_eq!(Payload::decode(Kind::Json, &frames).unwrap(), sent);
    }

    #[test]
    fn what_is_pickled_arrives_as_it_was(value in any_json()) {
        let text = [value.to_string()];
        let sent = Payload::from_texts(Kind::Pyobj, &text).unwrap();
        let Payload::Pyobj(object) = &sent else { panic!("{sent:?}") };
        let frames = [pickle::encode(object)];
        let received = Payload::decode(Kind::Pyobj, &frames).unwrap();
        prop_assert_eq!(&json!(received)["message"], &value);
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
