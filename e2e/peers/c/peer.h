/* What the C peers share: the command line, CURVE, and the kinds of payload. On CZMQ, with cJSON. */
#include <cjson/cJSON.h>
#include <czmq.h>

/* The value of the flag's Nth occurrence, from 0, or NULL. */
static inline const char *nth_flag(char **argv, const char *name, int nth)
{
    for (char **at = argv + 1; at[0] && at[1]; at += 2)
        if (streq(at[0], name) && nth-- == 0)
            return at[1];
    return NULL;
}

static inline const char *flag(char **argv, const char *name, const char *otherwise)
{
    const char *value = nth_flag(argv, name, 0);
    return value ? value : otherwise;
}

/* A socket that is bound to `endpoint`. With --curve-secret only peers whose keys are in --curve-allow get in. */
static inline zsock_t *bound(int type, const char *endpoint, char **argv)
{
    zsock_t *socket = zsock_new(type);
    const char *secret = flag(argv, "--curve-secret", NULL);
    if (secret) {
        zactor_t *authenticator = zactor_new(zauth, NULL);
        zstr_sendx(authenticator, "CURVE", flag(argv, "--curve-allow", NULL), NULL);
        zsock_wait(authenticator);
        zcert_apply(zcert_load(secret), socket);
        zsock_set_curve_server(socket, 1);
    }
    if (zsock_bind(socket, "%s", endpoint) < 0) {
        fprintf(stderr, "cannot bind %s: %s\n", endpoint, zmq_strerror(errno));
        exit(1);
    }
    return socket;
}

/* A socket that connects to `endpoint`, under CURVE with --curve-secret and --curve-server. */
static inline zsock_t *connected(int type, const char *endpoint, char **argv)
{
    zsock_t *socket = zsock_new(type);
    const char *secret = flag(argv, "--curve-secret", NULL);
    if (secret) {
        zcert_apply(zcert_load(secret), socket);
        zsock_set_curve_serverkey(socket, zcert_public_txt(zcert_load(flag(argv, "--curve-server", NULL))));
    }
    zsock_connect(socket, "%s", endpoint);
    return socket;
}

/* Prints a line at once, whatever stdout is. */
static inline void print(const char *line)
{
    puts(line);
    fflush(stdout);
}

/* JSON as this library writes it. */
static inline char *json(const char *text)
{
    cJSON *value = cJSON_Parse(text);
    char *written = value ? cJSON_PrintUnformatted(value) : strdup("not JSON");
    cJSON_Delete(value);
    return written;
}

/* A field of a JSON object, which is a number. */
static inline long field(const char *text, const char *name)
{
    cJSON *object = cJSON_Parse(text);
    long value = (long)cJSON_GetNumberValue(cJSON_GetObjectItem(object, name));
    cJSON_Delete(object);
    return value;
}

/* Sends what each flag of this name says, as `kind`: bytes, json, or multipart, a frame for each. */
static inline void send_flags(zsock_t *socket, char **argv, const char *name, const char *otherwise)
{
    const char *kind = flag(argv, "--as", "bytes");
    zmsg_t *message = zmsg_new();
    const char *text = flag(argv, name, otherwise);
    for (int nth = 0; text; text = nth_flag(argv, name, ++nth))
        zmsg_addstr(message, streq(kind, "json") ? json(text) : text);
    zmsg_send(&message, socket);
}

/* Receives a message and prints it. Frames are printed as a JSON array of texts. */
static inline void print_received(zsock_t *socket, const char *kind)
{
    zmsg_t *message = zmsg_recv(socket);
    if (!message)
        exit(1);
    if (streq(kind, "multipart")) {
        cJSON *frames = cJSON_CreateArray();
        for (char *text; (text = zmsg_popstr(message));)
            cJSON_AddItemToArray(frames, cJSON_CreateString(text));
        print(cJSON_PrintUnformatted(frames));
    } else {
        char *text = zmsg_popstr(message);
        print(streq(kind, "json") ? json(text) : text);
    }
    zmsg_destroy(&message);
}
