#include <sodium.h>
#include <openssl/evp.h>
int keypair(unsigned char* p, unsigned char* s, const unsigned char* seed) { return crypto_kem_xwing_seed_keypair(p, s, seed); }
