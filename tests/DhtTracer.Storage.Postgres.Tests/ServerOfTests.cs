using System.Globalization;
using DhtTracer.Storage.Contract;
using DhtTracer.Storage.Postgres.Tests;
using DhtTracer.TestSupport;

[assembly: AssemblyFixture(typeof(ServerOfTests))]

namespace DhtTracer.Storage.Postgres.Tests;

/// <summary>The server of this project's tests. Each test gets a database of its own, copied from one with empty tables.</summary>
public sealed class ServerOfTests : IAsyncLifetime
{
    private const string Template = "template_of_tests";
    private static PostgresServer? _server;
    private static int _databases;

    /// <summary>Starts the server, if PostgreSQL is installed.</summary>
    public async ValueTask InitializeAsync()
    {
        if (Needs.Postgres is not { } binaries)
        {
            return;
        }

        _server = await PostgresServer.StartAsync(binaries);
        await _server.QueryAsync("postgres", $"CREATE DATABASE {Template}");
        await using (
            await PostgresTraceStore.OpenAsync(
                new PostgresOptions { ConnectionString = _server.ConnectionString(Template) + ";Pooling=false" },
                Make.OneQuery
            )
        ) { }
    }

    /// <summary>Makes a database, or skips the test where there is no PostgreSQL.</summary>
    public static async Task<PostgresOptions> NewDatabaseAsync()
    {
        Assert.SkipUnless(_server is not null, Needs.Why("PostgreSQL"));
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref _databases)}");
        await _server.QueryAsync("postgres", $"CREATE DATABASE {name} TEMPLATE {Template}");
        return new PostgresOptions { ConnectionString = _server.ConnectionString(name) };
    }

    /// <summary>Stops it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
