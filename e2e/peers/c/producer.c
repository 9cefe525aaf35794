/* Pipeline, the first step: send tasks. */
#include "peer.h"

int main(int argc, char **argv)
{
    (void)argc;
    zsock_t *socket = bound(ZMQ_PUSH, flag(argv, "--bind", "tcp://*:5577"), argv);
    /* Deliver all of them before the end. */
    zsock_set_linger(socket, -1);
    long count = atol(flag(argv, "--count", "2000"));
    for (long num = 0; num < count; num++)
        zstr_sendf(socket, "{\"num\": %ld}", num);
    zsock_destroy(&socket);
}
