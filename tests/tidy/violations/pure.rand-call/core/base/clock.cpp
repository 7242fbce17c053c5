int seed() { return std::rand(); }
