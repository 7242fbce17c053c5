#pragma once
#include <filesystem>
