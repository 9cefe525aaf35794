// How much libzmq writes to a connection, or reads from it, in one call of the system: 8 KiB in the original. A
// stream of small messages then costs fewer calls, and wakes fewer threads. It waits for nothing: what is there is
// written at once.
#define in_batch_size(bytes) in_batch_size (65536)
#define out_batch_size(bytes) out_batch_size (65536)
#include "options.cpp"
#undef in_batch_size
#undef out_batch_size

