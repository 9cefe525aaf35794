/* Pipeline, the last step: count the results of each consumer. */
#include "peer.h"

int main(int argc, char **argv)
{
    (void)argc;
    zsock_t *socket = connected(ZMQ_PULL, flag(argv, "--connect", "tcp://localhost:5578"), argv);
    cJSON *counts = cJSON_CreateObject();
    for (long left = atol(flag(argv, "--count", "1000")); left > 0; left--) {
        char *result = zstr_recv(socket);
        char *id = zsys_sprintf("%ld", field(result, "consumer_id"));
        cJSON *count = cJSON_GetObjectItem(counts, id);
        if (count)
            cJSON_SetNumberValue(count, count->valuedouble + 1);
        else
            cJSON_AddNumberToObject(counts, id, 1);
        free(id);
        zstr_free(&result);
    }
    print(cJSON_PrintUnformatted(counts));
    zsock_destroy(&socket);
}
