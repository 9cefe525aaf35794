/* Request-reply, the replying side. */
#include "peer.h"

int main(int argc, char **argv)
{
    (void)argc;
    zsock_t *socket = bound(ZMQ_REP, flag(argv, "--bind", "tcp://*:5555"), argv);
    for (;;) {
        print_received(socket, flag(argv, "--as", "bytes"));
        send_flags(socket, argv, "--reply", "new message");
    }
}
