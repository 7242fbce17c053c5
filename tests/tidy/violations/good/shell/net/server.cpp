#include <boost/beast.hpp>
#include <openssl/ssl.h>
#include <thread>
