TEST(Clock, Ticks) {}
