void make(Key& key) { CHECK(crypto_kem_xwing_keypair(key.pk, key.sk) == 0); }
