using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DhtTracer.Web.Access;

/// <summary>
/// The valid keys in the running process. Sees a changed file within a second, so a revoked key ends without a restart. Notes when keys are
/// used, and writes that to the file once a minute.
/// </summary>
internal sealed partial class KeyRing(AccessRules rules, TimeProvider clock, ILogger<KeyRing> logger) : BackgroundService
{
    /// <summary>After this time the file is looked at again.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan WriteEvery = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _used = new(StringComparer.Ordinal);
    private readonly Lock _guard = new();
    private ImmutableDictionary<string, AccessKey> _keys = ImmutableDictionary<string, AccessKey>.Empty;
    private (DateTime Written, long Length)? _stamp;
    private long _looked;

    /// <summary>The valid key of a secret, and notes its use; null if there is none.</summary>
    /// <param name="secret">Text that a client sent.</param>
    public AccessKey? Find(string secret)
    {
        var now = clock.GetUtcNow();
        if (!KeySecret.TryGetId(secret, out var id) || !Current().TryGetValue(id, out var key) || !KeySecret.Matches(secret, key, now))
        {
            return null;
        }

        _used[id] = now;
        return key;
    }

    /// <summary>The key of a session, if it is still valid and has the secret with which the session began; else null.</summary>
    /// <param name="id">Id of the key.</param>
    /// <param name="version">What <see cref="VersionOf"/> said at the beginning.</param>
    public AccessKey? FindForSession(string id, string? version)
    {
        var now = clock.GetUtcNow();
        if (!Current().TryGetValue(id, out var key) || !key.IsValidAt(now) || VersionOf(key) != version)
        {
            return null;
        }

        _used[id] = now;
        return key;
    }

    /// <summary>Changes when the secret of a key is replaced.</summary>
    public static string VersionOf(AccessKey key) =>
        (key.Rotated ?? key.Created).UtcTicks.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Writes when keys were last used.</summary>
    public async Task WriteUsesAsync(CancellationToken cancellation)
    {
        if (rules.Keys is null || _used.IsEmpty)
        {
            return;
        }

        var used = _used.ToArray();
        await rules.Keys.UpdateAsync(
            keys =>
            {
                var changed = keys;
                foreach (var (id, time) in used)
                {
                    if (changed.FirstOrDefault(key => key.Id == id) is { } key && (key.LastUsed ?? DateTimeOffset.MinValue) < time)
                    {
                        changed = changed.Replace(key, key with { LastUsed = time });
                    }
                }

                return changed;
            },
            cancellation
        );
        foreach (var use in used)
        {
            _used.TryRemove(use);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var timer = new PeriodicTimer(WriteEvery, clock);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryWriteUsesAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            await TryWriteUsesAsync(CancellationToken.None);
        }
    }

    private async Task TryWriteUsesAsync(CancellationToken cancellation)
    {
        try
        {
            await WriteUsesAsync(cancellation);
        }
        catch (KeyFileException error)
        {
            LogNotWritten(error.Message);
        }
    }

    private ImmutableDictionary<string, AccessKey> Current()
    {
        if (rules.Keys is not { } file)
        {
            return _keys;
        }

        lock (_guard)
        {
            if (_stamp is not null && clock.GetElapsedTime(_looked) < Fresh)
            {
                return _keys;
            }

            _looked = clock.GetTimestamp();
            var stamp = file.Stamp;
            if (stamp != _stamp)
            {
                try
                {
                    _keys = file.Read().ToImmutableDictionary(static key => key.Id, StringComparer.Ordinal);
                }
                catch (Exception error) when (error is KeyFileException or ArgumentException)
                {
                    // A file that cannot be trusted grants nothing. Its next change is looked at again.
                    _keys = ImmutableDictionary<string, AccessKey>.Empty;
                    LogUnreadable(error.Message);
                }

                _stamp = stamp;
            }

            return _keys;
        }
    }

    [LoggerMessage(LogLevel.Error, "The keys cannot be read, so no key is valid: {Problem}")]
    private partial void LogUnreadable(string problem);

    [LoggerMessage(LogLevel.Warning, "When keys were last used is not noted: {Problem}")]
    private partial void LogNotWritten(string problem);
}
