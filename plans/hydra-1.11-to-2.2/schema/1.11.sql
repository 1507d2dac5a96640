-- The schema of Ory Hydra 1.11.10 on PostgreSQL, as its migrator leaves it, with the version rows.
-- Names are unqualified: run it with search_path on the wanted, empty schema.

CREATE SEQUENCE hydra_client_pk_seq AS integer;

CREATE SEQUENCE hydra_jwk_pk_seq AS integer;

CREATE TABLE hydra_client (
    id                                              varchar(255) NOT NULL,
    client_name                                     text         NOT NULL,
    client_secret                                   text         NOT NULL,
    redirect_uris                                   text         NOT NULL,
    grant_types                                     text         NOT NULL,
    response_types                                  text         NOT NULL,
    scope                                           text         NOT NULL,
    owner                                           text         NOT NULL,
    policy_uri                                      text         NOT NULL,
    tos_uri                                         text         NOT NULL,
    client_uri                                      text         NOT NULL,
    logo_uri                                        text         NOT NULL,
    contacts                                        text         NOT NULL,
    client_secret_expires_at                        integer      NOT NULL DEFAULT 0,
    sector_identifier_uri                           text         NOT NULL,
    jwks                                            text         NOT NULL,
    jwks_uri                                        text         NOT NULL,
    request_uris                                    text         NOT NULL,
    token_endpoint_auth_method                      varchar(25)  NOT NULL DEFAULT '',
    request_object_signing_alg                      varchar(10)  NOT NULL DEFAULT '',
    userinfo_signed_response_alg                    varchar(10)  NOT NULL DEFAULT '',
    subject_type                                    varchar(15)  NOT NULL DEFAULT '',
    allowed_cors_origins                            text         NOT NULL,
    pk                                              integer      NOT NULL DEFAULT nextval('hydra_client_pk_seq'::regclass),
    audience                                        text         NOT NULL,
    created_at                                      timestamp    NOT NULL DEFAULT now(),
    updated_at                                      timestamp    NOT NULL DEFAULT now(),
    frontchannel_logout_uri                         text         NOT NULL DEFAULT '',
    frontchannel_logout_session_required            boolean      NOT NULL DEFAULT false,
    post_logout_redirect_uris                       text         NOT NULL DEFAULT '',
    backchannel_logout_uri                          text         NOT NULL DEFAULT '',
    backchannel_logout_session_required             boolean      NOT NULL DEFAULT false,
    metadata                                        text         NOT NULL,
    token_endpoint_auth_signing_alg                 varchar(10)  NOT NULL DEFAULT '',
    authorization_code_grant_access_token_lifespan  bigint,
    authorization_code_grant_id_token_lifespan      bigint,
    authorization_code_grant_refresh_token_lifespan bigint,
    client_credentials_grant_access_token_lifespan  bigint,
    implicit_grant_access_token_lifespan            bigint,
    implicit_grant_id_token_lifespan                bigint,
    jwt_bearer_grant_access_token_lifespan          bigint,
    password_grant_access_token_lifespan            bigint,
    password_grant_refresh_token_lifespan           bigint,
    refresh_token_grant_id_token_lifespan           bigint,
    refresh_token_grant_access_token_lifespan       bigint,
    refresh_token_grant_refresh_token_lifespan      bigint,
    registration_access_token_signature             varchar(128) NOT NULL DEFAULT '',
    CONSTRAINT hydra_client_pkey PRIMARY KEY (pk)
);

CREATE UNIQUE INDEX hydra_client_idx_id_uq ON hydra_client (id);

CREATE TABLE hydra_jwk (
    sid        varchar(255) NOT NULL,
    kid        varchar(255) NOT NULL,
    version    integer      NOT NULL DEFAULT 0,
    keydata    text         NOT NULL,
    created_at timestamp    NOT NULL DEFAULT now(),
    pk         integer      NOT NULL DEFAULT nextval('hydra_jwk_pk_seq'::regclass),
    CONSTRAINT hydra_jwk_pkey PRIMARY KEY (pk)
);

CREATE UNIQUE INDEX hydra_jwk_idx_id_uq ON hydra_jwk (sid, kid);

CREATE TABLE hydra_oauth2_access (
    signature          varchar(255) NOT NULL,
    request_id         varchar(40)  NOT NULL,
    requested_at       timestamp    NOT NULL DEFAULT now(),
    client_id          varchar(255) NOT NULL,
    scope              text         NOT NULL,
    granted_scope      text         NOT NULL,
    form_data          text         NOT NULL,
    session_data       text         NOT NULL,
    subject            varchar(255) NOT NULL DEFAULT '',
    active             boolean      NOT NULL DEFAULT true,
    requested_audience text         DEFAULT '',
    granted_audience   text         DEFAULT '',
    challenge_id       varchar(40),
    CONSTRAINT hydra_oauth2_access_pkey PRIMARY KEY (signature)
);

CREATE INDEX hydra_oauth2_access_challenge_id_idx ON hydra_oauth2_access (challenge_id);
CREATE INDEX hydra_oauth2_access_client_id_idx ON hydra_oauth2_access (client_id);
CREATE INDEX hydra_oauth2_access_client_id_subject_idx ON hydra_oauth2_access (client_id, subject);
CREATE INDEX hydra_oauth2_access_request_id_idx ON hydra_oauth2_access (request_id);
CREATE INDEX hydra_oauth2_access_requested_at_idx ON hydra_oauth2_access (requested_at);

CREATE TABLE hydra_oauth2_authentication_request (
    challenge             varchar(40)  NOT NULL,
    requested_scope       text         NOT NULL,
    verifier              varchar(40)  NOT NULL,
    csrf                  varchar(40)  NOT NULL,
    subject               varchar(255) NOT NULL,
    request_url           text         NOT NULL,
    skip                  boolean      NOT NULL,
    client_id             varchar(255) NOT NULL,
    requested_at          timestamp    NOT NULL DEFAULT now(),
    authenticated_at      timestamp,
    oidc_context          text         NOT NULL,
    login_session_id      varchar(40),
    requested_at_audience text         DEFAULT '',
    CONSTRAINT hydra_oauth2_authentication_request_pkey PRIMARY KEY (challenge)
);

CREATE INDEX hydra_oauth2_authentication_request_cid_idx ON hydra_oauth2_authentication_request (client_id);
CREATE INDEX hydra_oauth2_authentication_request_login_session_id_idx ON hydra_oauth2_authentication_request (login_session_id);
CREATE INDEX hydra_oauth2_authentication_request_sub_idx ON hydra_oauth2_authentication_request (subject);
CREATE UNIQUE INDEX hydra_oauth2_authentication_request_veri_idx ON hydra_oauth2_authentication_request (verifier);

CREATE TABLE hydra_oauth2_authentication_request_handled (
    challenge                 varchar(40)  NOT NULL,
    subject                   varchar(255) NOT NULL,
    remember                  boolean      NOT NULL,
    remember_for              integer      NOT NULL,
    error                     text         NOT NULL,
    acr                       text         NOT NULL,
    requested_at              timestamp    NOT NULL DEFAULT now(),
    authenticated_at          timestamp,
    was_used                  boolean      NOT NULL,
    forced_subject_identifier varchar(255) DEFAULT '',
    context                   text         NOT NULL DEFAULT '{}'::text,
    amr                       text         NOT NULL DEFAULT '',
    CONSTRAINT hydra_oauth2_authentication_request_handled_pkey PRIMARY KEY (challenge)
);

CREATE TABLE hydra_oauth2_authentication_session (
    id               varchar(40)  NOT NULL,
    authenticated_at timestamp,
    subject          varchar(255) NOT NULL,
    remember         boolean      NOT NULL DEFAULT false,
    CONSTRAINT hydra_oauth2_authentication_session_pkey PRIMARY KEY (id)
);

CREATE INDEX hydra_oauth2_authentication_session_sub_idx ON hydra_oauth2_authentication_session (subject);

CREATE TABLE hydra_oauth2_code (
    signature          varchar(255) NOT NULL,
    request_id         varchar(40)  NOT NULL,
    requested_at       timestamp    NOT NULL DEFAULT now(),
    client_id          varchar(255) NOT NULL,
    scope              text         NOT NULL,
    granted_scope      text         NOT NULL,
    form_data          text         NOT NULL,
    session_data       text         NOT NULL,
    subject            varchar(255) NOT NULL DEFAULT '',
    active             boolean      NOT NULL DEFAULT true,
    requested_audience text         DEFAULT '',
    granted_audience   text         DEFAULT '',
    challenge_id       varchar(40),
    CONSTRAINT hydra_oauth2_code_pkey PRIMARY KEY (signature)
);

CREATE INDEX hydra_oauth2_code_challenge_id_idx ON hydra_oauth2_code (challenge_id);
CREATE INDEX hydra_oauth2_code_client_id_idx ON hydra_oauth2_code (client_id);
CREATE INDEX hydra_oauth2_code_request_id_idx ON hydra_oauth2_code (request_id);

CREATE TABLE hydra_oauth2_consent_request (
    challenge                 varchar(40)  NOT NULL,
    verifier                  varchar(40)  NOT NULL,
    client_id                 varchar(255) NOT NULL,
    subject                   varchar(255) NOT NULL,
    request_url               text         NOT NULL,
    skip                      boolean      NOT NULL,
    requested_scope           text         NOT NULL,
    csrf                      varchar(40)  NOT NULL,
    authenticated_at          timestamp,
    requested_at              timestamp    NOT NULL DEFAULT now(),
    oidc_context              text         NOT NULL,
    forced_subject_identifier varchar(255) DEFAULT '',
    login_session_id          varchar(40),
    login_challenge           varchar(40),
    requested_at_audience     text         DEFAULT '',
    acr                       text         DEFAULT '',
    context                   text         NOT NULL DEFAULT '{}'::text,
    amr                       text         NOT NULL DEFAULT '',
    CONSTRAINT hydra_oauth2_consent_request_pkey PRIMARY KEY (challenge)
);

CREATE INDEX hydra_oauth2_consent_request_cid_idx ON hydra_oauth2_consent_request (client_id);
CREATE INDEX hydra_oauth2_consent_request_client_id_subject_idx ON hydra_oauth2_consent_request (client_id, subject);
CREATE INDEX hydra_oauth2_consent_request_login_challenge_idx ON hydra_oauth2_consent_request (login_challenge);
CREATE INDEX hydra_oauth2_consent_request_login_session_id_idx ON hydra_oauth2_consent_request (login_session_id);
CREATE INDEX hydra_oauth2_consent_request_sub_idx ON hydra_oauth2_consent_request (subject);
CREATE UNIQUE INDEX hydra_oauth2_consent_request_veri_idx ON hydra_oauth2_consent_request (verifier);

CREATE TABLE hydra_oauth2_consent_request_handled (
    challenge            varchar(40) NOT NULL,
    granted_scope        text        NOT NULL,
    remember             boolean     NOT NULL,
    remember_for         integer     NOT NULL,
    error                text        NOT NULL,
    requested_at         timestamp   NOT NULL DEFAULT now(),
    session_access_token text        NOT NULL,
    session_id_token     text        NOT NULL,
    authenticated_at     timestamp,
    was_used             boolean     NOT NULL,
    granted_at_audience  text        DEFAULT '',
    handled_at           timestamp,
    CONSTRAINT hydra_oauth2_consent_request_handled_pkey PRIMARY KEY (challenge)
);

CREATE TABLE hydra_oauth2_jti_blacklist (
    signature  varchar(64) NOT NULL,
    expires_at timestamp   NOT NULL DEFAULT now(),
    CONSTRAINT hydra_oauth2_jti_blacklist_pkey PRIMARY KEY (signature)
);

CREATE INDEX hydra_oauth2_jti_blacklist_expiry ON hydra_oauth2_jti_blacklist (expires_at);

CREATE TABLE hydra_oauth2_logout_request (
    challenge    varchar(36)  NOT NULL,
    verifier     varchar(36)  NOT NULL,
    subject      varchar(255) NOT NULL,
    sid          varchar(36)  NOT NULL,
    client_id    varchar(255),
    request_url  text         NOT NULL,
    redir_url    text         NOT NULL,
    was_used     boolean      NOT NULL DEFAULT false,
    accepted     boolean      NOT NULL DEFAULT false,
    rejected     boolean      NOT NULL DEFAULT false,
    rp_initiated boolean      NOT NULL DEFAULT false,
    CONSTRAINT hydra_oauth2_logout_request_pkey PRIMARY KEY (challenge)
);

CREATE INDEX hydra_oauth2_logout_request_client_id_idx ON hydra_oauth2_logout_request (client_id);
CREATE UNIQUE INDEX hydra_oauth2_logout_request_veri_idx ON hydra_oauth2_logout_request (verifier);

CREATE TABLE hydra_oauth2_obfuscated_authentication_session (
    subject            varchar(255) NOT NULL,
    client_id          varchar(255) NOT NULL,
    subject_obfuscated varchar(255) NOT NULL,
    CONSTRAINT hydra_oauth2_obfuscated_authentication_session_pkey PRIMARY KEY (subject, client_id)
);

CREATE UNIQUE INDEX hydra_oauth2_obfuscated_authentication_session_so_idx ON hydra_oauth2_obfuscated_authentication_session (client_id, subject_obfuscated);

CREATE TABLE hydra_oauth2_oidc (
    signature          varchar(255) NOT NULL,
    request_id         varchar(40)  NOT NULL,
    requested_at       timestamp    NOT NULL DEFAULT now(),
    client_id          varchar(255) NOT NULL,
    scope              text         NOT NULL,
    granted_scope      text         NOT NULL,
    form_data          text         NOT NULL,
    session_data       text         NOT NULL,
    subject            varchar(255) NOT NULL DEFAULT '',
    active             boolean      NOT NULL DEFAULT true,
    requested_audience text         DEFAULT '',
    granted_audience   text         DEFAULT '',
    challenge_id       varchar(40),
    CONSTRAINT hydra_oauth2_oidc_pkey PRIMARY KEY (signature)
);

CREATE INDEX hydra_oauth2_oidc_challenge_id_idx ON hydra_oauth2_oidc (challenge_id);
CREATE INDEX hydra_oauth2_oidc_client_id_idx ON hydra_oauth2_oidc (client_id);
CREATE INDEX hydra_oauth2_oidc_request_id_idx ON hydra_oauth2_oidc (request_id);

CREATE TABLE hydra_oauth2_pkce (
    signature          varchar(255) NOT NULL,
    request_id         varchar(40)  NOT NULL,
    requested_at       timestamp    NOT NULL DEFAULT now(),
    client_id          varchar(255) NOT NULL,
    scope              text         NOT NULL,
    granted_scope      text         NOT NULL,
    form_data          text         NOT NULL,
    session_data       text         NOT NULL,
    subject            varchar(255) NOT NULL,
    active             boolean      NOT NULL DEFAULT true,
    requested_audience text         DEFAULT '',
    granted_audience   text         DEFAULT '',
    challenge_id       varchar(40),
    CONSTRAINT hydra_oauth2_pkce_pkey PRIMARY KEY (signature)
);

CREATE INDEX hydra_oauth2_pkce_challenge_id_idx ON hydra_oauth2_pkce (challenge_id);
CREATE INDEX hydra_oauth2_pkce_client_id_idx ON hydra_oauth2_pkce (client_id);
CREATE INDEX hydra_oauth2_pkce_request_id_idx ON hydra_oauth2_pkce (request_id);

CREATE TABLE hydra_oauth2_refresh (
    signature          varchar(255) NOT NULL,
    request_id         varchar(40)  NOT NULL,
    requested_at       timestamp    NOT NULL DEFAULT now(),
    client_id          varchar(255) NOT NULL,
    scope              text         NOT NULL,
    granted_scope      text         NOT NULL,
    form_data          text         NOT NULL,
    session_data       text         NOT NULL,
    subject            varchar(255) NOT NULL DEFAULT '',
    active             boolean      NOT NULL DEFAULT true,
    requested_audience text         DEFAULT '',
    granted_audience   text         DEFAULT '',
    challenge_id       varchar(40),
    CONSTRAINT hydra_oauth2_refresh_pkey PRIMARY KEY (signature)
);

CREATE INDEX hydra_oauth2_refresh_challenge_id_idx ON hydra_oauth2_refresh (challenge_id);
CREATE INDEX hydra_oauth2_refresh_client_id_idx ON hydra_oauth2_refresh (client_id);
CREATE INDEX hydra_oauth2_refresh_client_id_subject_idx ON hydra_oauth2_refresh (client_id, subject);
CREATE INDEX hydra_oauth2_refresh_request_id_idx ON hydra_oauth2_refresh (request_id);

CREATE TABLE hydra_oauth2_trusted_jwt_bearer_issuer (
    id                uuid         NOT NULL,
    issuer            varchar(255) NOT NULL,
    subject           varchar(255) NOT NULL,
    scope             text         NOT NULL,
    key_set           varchar(255) NOT NULL,
    key_id            varchar(255) NOT NULL,
    created_at        timestamp    NOT NULL DEFAULT now(),
    expires_at        timestamp    NOT NULL DEFAULT now(),
    allow_any_subject boolean      NOT NULL DEFAULT false,
    CONSTRAINT hydra_oauth2_trusted_jwt_bearer_issuer_pkey PRIMARY KEY (id),
    CONSTRAINT hydra_oauth2_trusted_jwt_bearer_issue_issuer_subject_key_id_key UNIQUE (issuer, subject, key_id)
);

CREATE INDEX hydra_oauth2_trusted_jwt_bearer_issuer_expires_at_idx ON hydra_oauth2_trusted_jwt_bearer_issuer (expires_at);

CREATE TABLE schema_migration (
    version      varchar(48) NOT NULL,
    version_self integer     NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX schema_migration_version_idx ON schema_migration (version);
CREATE INDEX schema_migration_version_self_idx ON schema_migration (version_self);

ALTER SEQUENCE hydra_client_pk_seq OWNED BY hydra_client.pk;
ALTER SEQUENCE hydra_jwk_pk_seq OWNED BY hydra_jwk.pk;

ALTER TABLE hydra_oauth2_access ADD CONSTRAINT hydra_oauth2_access_challenge_id_fk
    FOREIGN KEY (challenge_id) REFERENCES hydra_oauth2_consent_request_handled(challenge) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_access ADD CONSTRAINT hydra_oauth2_access_client_id_fk
    FOREIGN KEY (client_id) REFERENCES hydra_client(id) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_authentication_request ADD CONSTRAINT hydra_oauth2_authentication_request_client_id_fk
    FOREIGN KEY (client_id) REFERENCES hydra_client(id) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_authentication_request ADD CONSTRAINT hydra_oauth2_authentication_request_login_session_id_fk
    FOREIGN KEY (login_session_id) REFERENCES hydra_oauth2_authentication_session(id) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_authentication_request_handled ADD CONSTRAINT hydra_oauth2_authentication_request_handled_challenge_fk
    FOREIGN KEY (challenge) REFERENCES hydra_oauth2_authentication_request(challenge) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_code ADD CONSTRAINT hydra_oauth2_code_challenge_id_fk
    FOREIGN KEY (challenge_id) REFERENCES hydra_oauth2_consent_request_handled(challenge) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_code ADD CONSTRAINT hydra_oauth2_code_client_id_fk
    FOREIGN KEY (client_id) REFERENCES hydra_client(id) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_consent_request ADD CONSTRAINT hydra_oauth2_consent_request_client_id_fk
    FOREIGN KEY (client_id) REFERENCES hydra_client(id) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_consent_request ADD CONSTRAINT hydra_oauth2_consent_request_login_challenge_fk
    FOREIGN KEY (login_challenge) REFERENCES hydra_oauth2_authentication_request(challenge) ON DELETE SET NULL;
ALTER TABLE hydra_oauth2_consent_request ADD CONSTRAINT hydra_oauth2_consent_request_login_session_id_fk
    FOREIGN KEY (login_session_id) REFERENCES hydra_oauth2_authentication_session(id) ON DELETE SET NULL;
ALTER TABLE hydra_oauth2_consent_request_handled ADD CONSTRAINT hydra_oauth2_consent_request_handled_challenge_fk
    FOREIGN KEY (challenge) REFERENCES hydra_oauth2_consent_request(challenge) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_logout_request ADD CONSTRAINT hydra_oauth2_logout_request_client_id_fk
    FOREIGN KEY (client_id) REFERENCES hydra_client(id) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_obfuscated_authentication_session ADD CONSTRAINT hydra_oauth2_obfuscated_authentication_session_client_id_fk
    FOREIGN KEY (client_id) REFERENCES hydra_client(id) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_oidc ADD CONSTRAINT hydra_oauth2_oidc_challenge_id_fk
    FOREIGN KEY (challenge_id) REFERENCES hydra_oauth2_consent_request_handled(challenge) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_oidc ADD CONSTRAINT hydra_oauth2_oidc_client_id_fk
    FOREIGN KEY (client_id) REFERENCES hydra_client(id) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_pkce ADD CONSTRAINT hydra_oauth2_pkce_challenge_id_fk
    FOREIGN KEY (challenge_id) REFERENCES hydra_oauth2_consent_request_handled(challenge) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_pkce ADD CONSTRAINT hydra_oauth2_pkce_client_id_fk
    FOREIGN KEY (client_id) REFERENCES hydra_client(id) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_refresh ADD CONSTRAINT hydra_oauth2_refresh_challenge_id_fk
    FOREIGN KEY (challenge_id) REFERENCES hydra_oauth2_consent_request_handled(challenge) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_refresh ADD CONSTRAINT hydra_oauth2_refresh_client_id_fk
    FOREIGN KEY (client_id) REFERENCES hydra_client(id) ON DELETE CASCADE;
ALTER TABLE hydra_oauth2_trusted_jwt_bearer_issuer ADD CONSTRAINT hydra_oauth2_trusted_jwt_bearer_issuer_key_set_key_id_fkey
    FOREIGN KEY (key_set, key_id) REFERENCES hydra_jwk(sid, kid) ON DELETE CASCADE;

INSERT INTO schema_migration (version, version_self) VALUES
    ('20190100000001000000', 0), ('20190100000002000000', 0), ('20190100000003000000', 0), ('20190100000004000000', 0),
    ('20190100000005000000', 0), ('20190100000006000000', 0), ('20190100000007000000', 0), ('20190100000008000000', 0),
    ('20190100000009000000', 0), ('20190100000010000000', 0), ('20190100000011000000', 0), ('20190100000012000000', 0),
    ('20190100000013000000', 0), ('20190100000014000000', 0), ('20190200000001000000', 0), ('20190200000002000000', 0),
    ('20190200000003000000', 0), ('20190200000004000000', 0), ('20190300000001000000', 0), ('20190300000002000000', 0),
    ('20190300000003000000', 0), ('20190300000004000000', 0), ('20190300000005000000', 0), ('20190300000006000000', 0),
    ('20190300000007000000', 0), ('20190300000008000000', 0), ('20190300000009000000', 0), ('20190300000010000000', 0),
    ('20190300000011000000', 0), ('20190300000012000000', 0), ('20190300000013000000', 0), ('20190300000014000000', 0),
    ('20190400000001000000', 0), ('20190400000002000000', 0), ('20190400000003000000', 0), ('20190400000004000000', 0),
    ('20190400000005000000', 0), ('20190400000006000000', 0), ('20190400000007000000', 0), ('20190400000008000000', 0),
    ('20190400000009000000', 0), ('20190400000010000000', 0), ('20190400000011000000', 0), ('20200521071434000000', 0),
    ('20200527215731000000', 0), ('20200527215732000000', 0), ('20200819163013000000', 0), ('20200913192340000000', 0),
    ('20201110104000000000', 0), ('20201116133000000000', 0), ('20210928155900000000', 0), ('20210928175900000000', 0),
    ('20211226155900000000', 0), ('20211226156000000000', 0), ('20220328111500000000', 0);
