#include "gateway/certificates.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace penstock::tests {

namespace {

void add_extension(X509* cert, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  X509_add_ext(cert, extension, -1);
  X509_EXTENSION_free(extension);
}

template <typename Write>
void write_file(const std::string& path, Write write) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (!file || write(file) != 1) throw std::runtime_error("cannot write " + path);
  std::fclose(file);
  ::chmod(path.c_str(), 0600);
}

}  // namespace

Certificates::Certificates() {
  std::string pattern = (std::filesystem::temp_directory_path() / "penstock-certificates-XXXXXX").string();
  if (!::mkdtemp(pattern.data())) throw std::runtime_error("no folder for certificates");
  folder_ = pattern;
  ca_ = make("", false, true);
}

Certificates::~Certificates() {
  for (SSL_CTX* context : contexts_) SSL_CTX_free(context);
  X509_free(ca_cert_);
  EVP_PKEY_free(ca_key_);
  std::filesystem::remove_all(folder_);
}

CertificateFiles Certificates::make(const std::string& names, bool by_ca, bool is_ca) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* cert = X509_new();
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), ++count_);
  X509_gmtime_adj(X509_getm_notBefore(cert), -60);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_set_pubkey(cert, key);
  const std::string name = is_ca ? "test CA" : "test " + std::to_string(count_);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(cert, X509_get_subject_name(by_ca ? ca_cert_ : cert));
  add_extension(cert, by_ca ? ca_cert_ : cert, NID_basic_constraints, is_ca ? "critical,CA:TRUE" : "CA:FALSE");
  if (!names.empty()) add_extension(cert, by_ca ? ca_cert_ : cert, NID_subject_alt_name, names.c_str());
  X509_sign(cert, by_ca ? ca_key_ : key, EVP_sha256());
  const std::string base = folder_ + "/" + std::to_string(count_);
  CertificateFiles files{base + ".pem", base + ".key"};
  write_file(files.cert, [&](std::FILE* file) { return PEM_write_X509(file, cert); });
  write_file(files.key, [&](std::FILE* file) { return PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr); });
  if (is_ca) {
    ca_key_ = key;
    ca_cert_ = cert;
    return files;
  }
  X509_free(cert);
  EVP_PKEY_free(key);
  return files;
}

CertificateFiles Certificates::issue(const std::string& names) { return make(names, true, false); }
CertificateFiles Certificates::issue_self_signed(const std::string& names) { return make(names, false, false); }

SSL_CTX* Certificates::server(const CertificateFiles& files) {
  SSL_CTX* context = contexts_.emplace_back(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate_chain_file(context, files.cert.c_str());
  SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("test"), 4);
  return context;
}

SSL_CTX* Certificates::client() {
  SSL_CTX* context = contexts_.emplace_back(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_load_verify_locations(context, ca_.cert.c_str(), nullptr);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return context;
}

}  // namespace penstock::tests
