/* Pipeline, the middle step: receive tasks, send results. */
#include "peer.h"

int main(int argc, char **argv)
{
    (void)argc;
    zsock_t *tasks = connected(ZMQ_PULL, flag(argv, "--tasks-connect", "tcp://localhost:5577"), argv);
    zsock_t *results = bound(ZMQ_PUSH, flag(argv, "--results-bind", "tcp://*:5578"), argv);
    for (char *task; (task = zstr_recv(tasks)); zstr_free(&task)) {
        zstr_sendf(results, "{\"consumer_id\": %s, \"num\": %ld}", flag(argv, "--id", "1"), field(task, "num"));
    }
}
