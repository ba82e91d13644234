# syntax=docker/dockerfile:1
FROM mcr.microsoft.com/dotnet/sdk:10.0.401 AS build
WORKDIR /source
COPY . .
RUN dotnet publish src/DhtTracer --configuration Release --output /app /p:CI=true

FROM mcr.microsoft.com/dotnet/aspnet:10.0.12
# The image's own unprivileged user; the data directory is made for it.
RUN mkdir /data && chown $APP_UID /data && chmod 0700 /data
WORKDIR /app
COPY --from=build /app .
USER $APP_UID
VOLUME /data
# Asks the health port inside the container; with --health-port off there is none to ask, and --no-healthcheck switches this off.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["./dht-tracer", "health"]
ENTRYPOINT ["./dht-tracer"]
