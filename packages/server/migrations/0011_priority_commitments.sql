CREATE TABLE "priority_commitments" (
	"organization_id" text NOT NULL,
	"model_class" text NOT NULL,
	"input_tokens_per_minute" bigint NOT NULL,
	"output_tokens_per_minute" bigint NOT NULL,
	CONSTRAINT "priority_commitments_organization_id_model_class_pk" PRIMARY KEY("organization_id","model_class")
);
