"""The article's calls for sending and receiving, one per kind of payload."""

import json

KINDS = ["bytes", "string", "json", "pyobj", "multipart"]


def from_json(text):
    """The value of a command-line text: read as JSON, or the text itself when it is not JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def send(socket, kind, text):
    if kind == "bytes":
        socket.send(text.encode())
    elif kind == "string":
        socket.send_string(text)
    elif kind == "json":
        socket.send_json(from_json(text))
    elif kind == "pyobj":
        socket.send_pyobj(from_json(text))
    elif kind == "multipart":
        socket.send_multipart([text.encode()])


def receive(socket, kind):
    if kind == "bytes":
        return socket.recv()
    elif kind == "string":
        return socket.recv_string()
    elif kind == "json":
        return socket.recv_json()
    elif kind == "pyobj":
        return socket.recv_pyobj()  # runs code that it receives: only for peers you trust
    elif kind == "multipart":
        return socket.recv_multipart()
