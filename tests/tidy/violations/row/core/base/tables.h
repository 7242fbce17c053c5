// Rows.
inline constexpr Table kRead{1};  ///< key -> ReadRow
/// key -> Hash || uint64
inline constexpr Table kPlain{2};
/// key -> base::OtherRow, that no fuzzer reads
inline constexpr Table kUnread{
    3};
