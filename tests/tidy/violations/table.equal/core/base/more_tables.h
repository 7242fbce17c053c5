inline constexpr Table kOther{
    1};  ///< key -> value
