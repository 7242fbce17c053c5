// Rows of a store of its own.
inline constexpr Table kTwo{2};
