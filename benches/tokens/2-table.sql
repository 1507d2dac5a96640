-- The access tokens, reshaped: scopes are jsonb, a network, when they expire. Its indexes are in 2-indexes.sql.
CREATE TABLE hydra_oauth2_access (
    signature          varchar(255) NOT NULL,
    request_id         varchar(40)  NOT NULL,
    requested_at       timestamp    NOT NULL DEFAULT now(),
    client_id          varchar(255) NOT NULL,
    scope              jsonb        NOT NULL,
    granted_scope      jsonb        NOT NULL,
    form_data          text         NOT NULL,
    session_data       text         NOT NULL,
    subject            varchar(255) NOT NULL DEFAULT '',
    active             boolean      NOT NULL DEFAULT true,
    requested_audience text         DEFAULT '',
    granted_audience   text         DEFAULT '',
    challenge_id       varchar(40),
    nid                uuid         NOT NULL,
    expires_at         timestamp    NOT NULL
);
