CREATE TABLE "search_documents" (
	"url" text PRIMARY KEY NOT NULL,
	"collection" text NOT NULL,
	"title" text NOT NULL,
	"sha256" text NOT NULL,
	"added_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "search_passages" (
	"url" text NOT NULL,
	"number" integer NOT NULL,
	"fragment" text NOT NULL,
	"text" text NOT NULL,
	"terms" "tsvector" NOT NULL,
	CONSTRAINT "search_passages_url_number_pk" PRIMARY KEY("url","number")
);
--> statement-breakpoint
ALTER TABLE "search_passages" ADD CONSTRAINT "search_passages_url_search_documents_url_fk" FOREIGN KEY ("url") REFERENCES "public"."search_documents"("url") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "search_documents_collection" ON "search_documents" USING btree ("collection");--> statement-breakpoint
CREATE INDEX "search_passages_terms" ON "search_passages" USING gin (terms);