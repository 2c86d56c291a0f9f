-- Who may act. A privacy officer may do what an auditor may, and answers for what nobody else does.
ALTER TABLE clients DROP CONSTRAINT clients_role_check;
ALTER TABLE clients ADD CONSTRAINT clients_role_check
  CHECK (role IN ('emr', 'consignee', 'auditor', 'privacy-officer', 'operator'));
