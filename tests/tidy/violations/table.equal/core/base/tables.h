inline constexpr Table kOne{1};
inline constexpr Table kApart{2};
