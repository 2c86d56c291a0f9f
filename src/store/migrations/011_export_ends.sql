-- How many rows an export handed out is known when it ends: by this id its end finds its beginning.
ALTER TABLE audit_reads ADD COLUMN export uuid;
CREATE INDEX audit_reads_export ON audit_reads (export) WHERE export IS NOT NULL;
