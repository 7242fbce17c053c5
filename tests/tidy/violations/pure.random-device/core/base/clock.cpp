unsigned seed() { return std::random_device{}(); }
