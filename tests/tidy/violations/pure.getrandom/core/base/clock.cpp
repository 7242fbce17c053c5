void fill(void* to) { ::getrandom(to, 32, 0); }
