/* Publish-subscribe, the receiving side: prints one message. */
#include "peer.h"

int main(int argc, char **argv)
{
    (void)argc;
    zsock_t *socket = connected(ZMQ_SUB, flag(argv, "--connect", "tcp://localhost:5555"), argv);
    zsock_set_subscribe(socket, flag(argv, "--topic", "client1"));
    print_received(socket, "multipart");
    zsock_destroy(&socket);
}
