void fill(void* to) { randombytes_buf(to, 32); }
