/* Request-reply, the asking side. */
#include "peer.h"

int main(int argc, char **argv)
{
    (void)argc;
    zsock_t *socket = connected(ZMQ_REQ, flag(argv, "--connect", "tcp://localhost:5555"), argv);
    send_flags(socket, argv, "--message", "a message");
    print_received(socket, flag(argv, "--as", "bytes"));
    zsock_destroy(&socket);
}
