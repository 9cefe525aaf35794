/* Publish-subscribe, the sending side. */
#include "peer.h"

int main(int argc, char **argv)
{
    (void)argc;
    zsock_t *socket = bound(ZMQ_PUB, flag(argv, "--bind", "tcp://*:5555"), argv);
    for (;;) {
        const char *topic;
        for (int nth = 0; (topic = nth_flag(argv, "--topic", nth)); nth++) {
            char *text = zsys_sprintf("message for %s", topic);
            zstr_sendx(socket, topic, text, NULL);
            free(text);
        }
        zclock_sleep(50);
    }
}
