using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace DhtTracer.TestSupport;

/// <summary>
/// A PostgreSQL server of its own in a temporary folder: on a socket in that folder, where everybody is trusted, and on a port of
/// 127.0.0.1, where a password is asked for. It ends with this process, even if that is killed.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _binaries;
    private Process _server;

    private PostgresServer(string binaries, string folder, int port, string password, Process server)
    {
        (_binaries, Folder, Port, Password, _server) = (binaries, folder, port, password, server);
    }

    /// <summary>The folder of the server; its socket lies there.</summary>
    public string Folder { get; }

    /// <summary>Port on 127.0.0.1, and the number of the socket.</summary>
    public int Port { get; }

    /// <summary>The superuser.</summary>
    public string User => "postgres";

    /// <summary>Password of <see cref="User"/> on the port.</summary>
    public string Password { get; }

    /// <summary>Connection string for a database over the socket, in Npgsql's form, without a password.</summary>
    public string ConnectionString(string database) =>
        string.Create(CultureInfo.InvariantCulture, $"Host={Folder};Port={Port};Username={User};Database={database}");

    /// <summary>Starts a server.</summary>
    /// <param name="binaries">Folder of its programs: <see cref="Needs.Postgres"/>.</param>
    /// <param name="durable">Whether it waits for the disk. Without it, it is faster and a crash of the machine damages it.</param>
    public static async Task<PostgresServer> StartAsync(string binaries, bool durable = false)
    {
        var folder = Directory.CreateTempSubdirectory("dht-tracer-pg-").FullName;
        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var secret = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(secret, password + "\n");
        if (Environment.IsPrivilegedProcess)
        {
            // PostgreSQL refuses to run as root. Its package made this user.
            await RunAsync("chown", "-R", "postgres", folder);
        }

        await RunAsync([
            .. AsUser(),
            Path.Combine(binaries, "initdb"),
            "--pgdata",
            Path.Combine(folder, "data"),
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
            "--pwfile",
            secret,
        ]);
        await File.AppendAllTextAsync(
            Path.Combine(folder, "data", "postgresql.conf"),
            $"""
            listen_addresses = '127.0.0.1'
            unix_socket_directories = '{folder}'
            max_connections = 200
            shared_buffers = 64MB
            fsync = {(durable ? "on" : "off")}
            full_page_writes = {(durable ? "on" : "off")}
            max_wal_size = 512MB
            log_line_prefix = '%m [%p] '

            """
        );
        var port = FreePort();
        var server = new PostgresServer(binaries, folder, port, password, Start(binaries, folder, port));
        await server.WaitAsync();
        return server;
    }

    /// <summary>Ends the server at once, as a power failure of its machine would, and starts it again.</summary>
    public async Task CrashAsync()
    {
        await StopAsync("immediate");
        _server = Start(_binaries, Folder, Port);
        await WaitAsync();
    }

    /// <summary>Stops the server; clients lose their connections.</summary>
    public Task StopAsync() => StopAsync("fast");

    /// <summary>Starts it again after <see cref="StopAsync()"/>.</summary>
    public async Task StartAgainAsync()
    {
        _server = Start(_binaries, Folder, Port);
        await WaitAsync();
    }

    /// <summary>Runs SQL as the superuser with psql.</summary>
    /// <returns>What it printed: unaligned rows without headings.</returns>
    public Task<string> QueryAsync(string database, string sql) =>
        RunAsync([
            Path.Combine(_binaries, "psql"),
            "-XqAt",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            Folder,
            "-p",
            Port.ToString(CultureInfo.InvariantCulture),
            "-U",
            User,
            "-d",
            database,
            "-c",
            sql,
        ]);

    /// <summary>Stops the server and deletes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync("immediate");
        _server.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task StopAsync(string mode)
    {
        if (!_server.HasExited)
        {
            await RunAsync([.. AsUser(), Path.Combine(_binaries, "pg_ctl"), "stop", "-w", "-m", mode, "-D", Path.Combine(Folder, "data")]);
            await _server.WaitForExitAsync();
        }
    }

    private async Task WaitAsync()
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await QueryAsync("postgres", "SELECT 1");
                return;
            }
            catch (InvalidOperationException) when (watch.Elapsed < Patience && !_server.HasExited)
            {
                await Task.Delay(50);
            }
        }
    }

    private static Process Start(string binaries, string folder, int port)
    {
        // The shell reads until this process is gone, then it ends the server.
        const string Script = """
            "$0" -D "$1/data" -p "$2" >"$1/log" 2>&1 & server=$!
            (cat >/dev/null; kill -INT $server 2>/dev/null) <&3 &
            wait $server
            """;
        string[] command = [.. AsUser(), "sh", "-c", "exec 3<&0; " + Script, Path.Combine(binaries, "postgres"), folder, $"{port}"];
        return Process.Start(
            new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardInput = true,
                UseShellExecute = false,
                WorkingDirectory = "/",
            }
        )!;
    }

    private static string[] AsUser() => Environment.IsPrivilegedProcess ? ["runuser", "-u", "postgres", "--"] : [];

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static async Task<string> RunAsync(params string[] command)
    {
        using var process = Process.Start(
            new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
                WorkingDirectory = "/",
            }
        )!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{command[0]} failed: {await errors}");
    }
}
