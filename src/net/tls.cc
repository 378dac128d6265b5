#include "net/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <string_view>

namespace penstock::net {

namespace {

constexpr std::size_t kKeptSessions = 4;
constexpr std::array<unsigned char, 9> kHttp11 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int context_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> room{};
  return inet_pton(AF_INET, host.c_str(), room.data()) == 1 || inet_pton(AF_INET6, host.c_str(), room.data()) == 1;
}

void set_common(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // Buffers go back while a stream is silent; a retried write may come from another address.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
}

int choose_http11(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                  void* /*none*/) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kHttp11.data(), kHttp11.size(), in, in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

std::string tls_error_text() {
  const auto code = ERR_get_error();
  if (code == 0) return "unknown fault";
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

Result<std::unique_ptr<TlsClientContext>> TlsClientContext::make(const std::string& ca_file) {
  std::unique_ptr<TlsClientContext> made(new TlsClientContext);
  made->context_ = SSL_CTX_new(TLS_client_method());
  if (!made->context_) return fail(internal_error("no TLS context: " + tls_error_text()));
  set_common(made->context_);
  SSL_CTX_set_default_verify_paths(made->context_);
  if (!ca_file.empty() && SSL_CTX_load_verify_locations(made->context_, ca_file.c_str(), nullptr) != 1)
    return fail(config_error("the CA file " + ca_file + " cannot be used: " + tls_error_text()));
  SSL_CTX_set_verify(made->context_, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_alpn_protos(made->context_, kHttp11.data(), kHttp11.size());
  SSL_CTX_set_session_cache_mode(made->context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_ex_data(made->context_, context_index(), made.get());
  SSL_CTX_sess_set_new_cb(made->context_, &TlsClientContext::on_new_session);
  return made;
}

TlsClientContext::~TlsClientContext() {
  for (SSL_SESSION* session : sessions_) SSL_SESSION_free(session);
  if (context_) {
    SSL_CTX_set_ex_data(context_, context_index(), nullptr);  // an SSL in flight may outlive this
    SSL_CTX_free(context_);
  }
}

int TlsClientContext::on_new_session(SSL* ssl, SSL_SESSION* session) {
  auto* self = static_cast<TlsClientContext*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), context_index()));
  if (!self) return 0;
  if (self->sessions_.size() == kKeptSessions) {
    SSL_SESSION_free(self->sessions_.front());
    self->sessions_.erase(self->sessions_.begin());
  }
  self->sessions_.push_back(session);
  return 1;  // the reference is ours now
}

SSL* TlsClientContext::make_ssl(const std::string& host) {
  SSL* ssl = SSL_new(context_);
  SSL_set_connect_state(ssl);
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
  } else {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl, host.c_str());
    SSL_set_tlsext_host_name(ssl, host.c_str());
  }
  if (!sessions_.empty()) {
    SSL_SESSION* session = sessions_.back();
    sessions_.pop_back();
    SSL_set_session(ssl, session);
    SSL_SESSION_free(session);
  }
  return ssl;
}

Result<std::shared_ptr<TlsServerContext>> TlsServerContext::make(const std::string& cert, const std::string& key) {
  std::shared_ptr<TlsServerContext> made(new TlsServerContext);
  made->context_ = SSL_CTX_new(TLS_server_method());
  if (!made->context_) return fail(internal_error("no TLS context: " + tls_error_text()));
  set_common(made->context_);
  SSL_CTX_set_options(made->context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (SSL_CTX_use_certificate_chain_file(made->context_, cert.c_str()) != 1)
    return fail(config_error("the certificate " + cert + " cannot be used: " + tls_error_text()));
  if (SSL_CTX_use_PrivateKey_file(made->context_, key.c_str(), SSL_FILETYPE_PEM) != 1)
    return fail(config_error("the key " + key + " cannot be used: " + tls_error_text()));
  if (SSL_CTX_check_private_key(made->context_) != 1) return fail(config_error("the key " + key + " does not fit the certificate " + cert));
  SSL_CTX_set_alpn_select_cb(made->context_, choose_http11, nullptr);
  return made;
}

TlsServerContext::~TlsServerContext() {
  if (context_) SSL_CTX_free(context_);
}

SSL* TlsServerContext::make_ssl() const {
  SSL* ssl = SSL_new(context_);
  SSL_set_accept_state(ssl);
  return ssl;
}

}  // namespace penstock::net
