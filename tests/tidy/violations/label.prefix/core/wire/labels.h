inline constexpr std::string_view kOther =
    "recovery key";
