namespace DhtTracer.Storage.Postgres.Tests;

public sealed class PostgresConnectionTests
{
    [Theory]
    [InlineData("postgres://ann@db.example:6432/traces", true)]
    [InlineData("postgresql://db.example/traces", true)]
    [InlineData("Host=db.example;Database=traces", true)]
    [InlineData("data", false)]
    [InlineData("/var/lib/postgres", false)]
    public void A_database_is_told_from_a_folder(string text, bool isDatabase) =>
        Assert.Equal(isDatabase, PostgresConnection.IsConnection(text));

    [Theory]
    [InlineData("postgres://ann@db.example:6432/traces?sslmode=verify-full", "postgres://ann@db.example:6432/traces")]
    [InlineData("postgresql://db.example/traces", "postgres://db.example:5432/traces")]
    [InlineData("Host=db.example;Port=7000;Username=ann;Database=traces", "postgres://ann@db.example:7000/traces")]
    public void Both_ways_of_writing_a_database_are_read(string text, string described) =>
        Assert.Equal(described, PostgresConnection.Describe(PostgresConnection.Parse(text)));

    [Fact]
    public void Settings_of_an_address_are_kept()
    {
        var connection = PostgresConnection.Parse("postgres://ann@db.example/traces?sslmode=verify-full&sslrootcert=/etc/ca.pem");
        var builder = new Npgsql.NpgsqlConnectionStringBuilder(connection);
        Assert.Equal((Npgsql.SslMode.VerifyFull, "/etc/ca.pem"), (builder.SslMode, builder.RootCertificate));
    }

    [Theory]
    [InlineData("postgres://ann:geheim@db.example/traces")]
    [InlineData("postgres://ann@db.example/traces?password=geheim")]
    [InlineData("Host=db.example;Password=geheim")]
    public void A_password_is_refused_with_the_remedy_and_is_not_repeated(string text)
    {
        var error = Assert.Throws<FormatException>(() => PostgresConnection.Parse(text));
        Assert.Contains("PGPASSWORD", error.Message, StringComparison.Ordinal);
        Assert.Contains(PostgresConnection.PasswordFileVariable, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://db.example/traces?nonsense=1")]
    [InlineData("Host=db.example;Nonsense=geheim")]
    [InlineData("postgres:///traces")]
    public void What_cannot_be_read_is_refused_without_repeating_values(string text) =>
        Assert.DoesNotContain(
            "geheim",
            Assert.Throws<FormatException>(() => PostgresConnection.Parse(text)).ToString(),
            StringComparison.Ordinal
        );

    [Fact]
    public async Task A_secret_file_gives_the_password()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "geheim\n");
        var connection = PostgresConnection.Parse("postgres://ann@db.example/traces", file);
        Assert.Equal("geheim", new Npgsql.NpgsqlConnectionStringBuilder(connection).Password);
        Assert.DoesNotContain("geheim", PostgresConnection.Describe(connection), StringComparison.Ordinal);
        File.Delete(file);
        Assert.Throws<FormatException>(() => PostgresConnection.Parse("postgres://ann@db.example/traces", file));
    }
}
