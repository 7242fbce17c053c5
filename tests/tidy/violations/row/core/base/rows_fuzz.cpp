constexpr RowFormat kFormats[] = {{kRead, round_trip<ReadRow>}};
// kUnread is only spoken of.
