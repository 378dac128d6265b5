// TLS contexts of both sides, on OpenSSL. A context is used by one worker; sessions are kept so that a second connection resumes.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace penstock::net {

/// What OpenSSL last complained of, as a sentence.
std::string tls_error_text();

/// Connections to one provider: its trust, its name and its sessions. Not for two threads.
class TlsClientContext {
 public:
  /// Trusts the system's store and, when `ca_file` is not empty, the CAs in that PEM file too. Fails when the file cannot be used.
  static Result<std::unique_ptr<TlsClientContext>> make(const std::string& ca_file);
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;

  /// A new client-side SSL that will verify `host` (a DNS name or an address), with SNI and, when there is one, a session to resume.
  /// The caller owns it (Stream::handshake takes it).
  SSL* make_ssl(const std::string& host);

 private:
  TlsClientContext() = default;
  static int on_new_session(SSL* ssl, SSL_SESSION* session);
  SSL_CTX* context_ = nullptr;
  std::vector<SSL_SESSION*> sessions_;  // newest last; TLS 1.3 tickets are used once
};

/// A listener's certificate and key.
class TlsServerContext {
 public:
  /// Loads a PEM chain and its key; fails when they cannot be read or do not fit each other.
  static Result<std::shared_ptr<TlsServerContext>> make(const std::string& cert, const std::string& key);
  ~TlsServerContext();
  TlsServerContext(const TlsServerContext&) = delete;
  TlsServerContext& operator=(const TlsServerContext&) = delete;
  /// A new server-side SSL; the caller owns it. Thread-safe.
  SSL* make_ssl() const;

 private:
  TlsServerContext() = default;
  SSL_CTX* context_ = nullptr;
};

}  // namespace penstock::net
