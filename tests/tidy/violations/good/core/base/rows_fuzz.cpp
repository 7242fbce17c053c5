constexpr RowFormat kFormats[] = {{kRead, round_trip<ReadRow>}, {kOther, round_trip<OtherRow>}};
