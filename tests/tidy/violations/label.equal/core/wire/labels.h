inline constexpr std::string_view kOther = "device";
