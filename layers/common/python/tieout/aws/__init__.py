"""Our state on AWS: postings and watermarks (DynamoDB), doorbells (SQS), archive (S3), secrets, metrics."""
